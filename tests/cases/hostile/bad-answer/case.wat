;; Answers an address outside of its memory.
(core module $case (func (export "run") (result i32) (i32.const 0x7ffffff0)))
(core instance $case (instantiate $case))
