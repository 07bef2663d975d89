;; Has the interface, but not its functions.
(component
  (instance $job)
  (export "watchkeeper:plugin/job@0.1.0" (instance $job)))
