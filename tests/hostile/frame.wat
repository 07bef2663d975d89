;; A plugin around what a case brings: the frame says what the plugin is, `run` of the case's core instance `$case` is the
;; run. It answers the address of a `result<string, failure>` in the frame's memory; 2048 holds an empty success.
(component
  (core module $answers
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 32768))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (global.get $next)
      (global.set $next (i32.add (global.get $next) (local.get 3))))
    (func (export "schema") (result i32) (i32.const 0))
    (func (export "describe") (param i32 i32) (result i32) (i32.const 1024))
    (data (i32.const 0) "\10\00\00\00{{SCHEMA-LENGTH}}")
    (data (i32.const 16) "{{SCHEMA}}")
    (data (i32.const 1024) "\00\00\00\00\10\04\00\00\02\00\00\00")
    (data (i32.const 1040) "[]")
    (data (i32.const 2048) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00"))
  (core instance $answers (instantiate $answers))
  (alias core export $answers "memory" (core memory $memory))
  (alias core export $answers "realloc" (core func $realloc))

  {{CASE}}

  (type $failure' (variant
    (case "invalid-config" string) (case "unavailable" string) (case "denied" string)
    (case "indeterminate" string) (case "failed" string) (case "other" (tuple string string))))
  (export $failure "failure" (type $failure'))
  (func $schema (result string)
    (canon lift (core func $answers "schema") (memory $memory)))
  (func $describe (param "config" string) (result (result string (error string)))
    (canon lift (core func $answers "describe") (memory $memory) (realloc $realloc)))
  (func $run async (result (result string (error $failure)))
    (canon lift (core func $case "run") (memory $memory)))
  (instance $job
    (export "schema" (func $schema))
    (export "describe" (func $describe))
    (export "run" (func $run)))
  (export "watchkeeper:plugin/job@0.1.0" (instance $job)))
