/**
 * Runs `begin` without stack traces. @NOTE The library makes the errors of a request before it is sent, whether it will fail or
 * not: their stacks were the dearest of our own code in the router's profile, and name nothing but the library's own request.
 */
export function stackless<T>(begin: () => T): T {
  const { stackTraceLimit } = Error
  Error.stackTraceLimit = 0
  try {
    return begin()
  } finally {
    Error.stackTraceLimit = stackTraceLimit
  }
}
