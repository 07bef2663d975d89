(import "wasi:keyvalue/store@0.2.0" (instance))
(core module $case (func (export "run") (result i32) (i32.const 2048)))
(core instance $case (instantiate $case))
