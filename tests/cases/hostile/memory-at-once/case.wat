;; Is born with 1 GiB.
(core module $case
  (memory 16384)
  (func (export "run") (result i32) (i32.const 2048)))
(core instance $case (instantiate $case))
