;; Makes waitable sets without end.
(core func $new (canon waitable-set.new))
(core module $case
  (import "host" "new" (func $new (result i32)))
  (func (export "run") (result i32)
    (loop (drop (call $new)) (br 0))
    unreachable))
(core instance $case (instantiate $case (with "host" (instance (export "new" (func $new))))))
