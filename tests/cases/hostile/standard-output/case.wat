;; Writes to WASI's standard output.
(import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
(alias export $errors "error" (type $error))
(import "wasi:io/streams@0.2.0" (instance $streams
  (alias outer 1 $error (type $error))
  (export "output-stream" (type $output (sub resource)))
  (type $stream-error' (variant (case "last-operation-failed" (own $error)) (case "closed")))
  (export "stream-error" (type $stream-error (eq $stream-error')))
  (export "[method]output-stream.blocking-write-and-flush" (func
    (param "self" (borrow $output)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
(alias export $streams "output-stream" (type $output))
(import "wasi:cli/stdout@0.2.0" (instance $stdout
  (alias outer 1 $output (type $output))
  (export "output-stream" (type $stream (eq $output)))
  (export "get-stdout" (func (result (own $stream))))))
(core func $get (canon lower (func $stdout "get-stdout")))
(core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory $memory)))
(core module $case
  (import "frame" "memory" (memory 1))
  (import "host" "get" (func $get (result i32)))
  (import "host" "write" (func $write (param i32 i32 i32 i32)))
  (data (i32.const 4096) "words that lead nowhere\n")
  (func (export "run") (result i32)
    (call $write (call $get) (i32.const 4096) (i32.const 24) (i32.const 8192))
    (i32.const 2048)))
(core instance $case (instantiate $case
  (with "frame" (instance $answers))
  (with "host" (instance (export "get" (func $get)) (export "write" (func $write))))))
