;; Grows two tables without end.
(core module $case
  (table $a 1 funcref)
  (table $b 1 funcref)
  (func (export "run") (result i32)
    (loop
      (drop (table.grow $a (ref.null func) (i32.const 100)))
      (drop (table.grow $b (ref.null func) (i32.const 100)))
      (br 0))
    unreachable))
(core instance $case (instantiate $case))
