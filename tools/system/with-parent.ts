/**
 * Preloaded into each service (`node --import`) by `startSystem`. Their standard input is a pipe from the process that started
 * them; when that one dies, even by SIGKILL, the pipe ends and the service stops as if it had been asked to.
 */
const STOP_MS_MAX = 15_000

process.stdin.on('end', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), STOP_MS_MAX).unref()
})
process.stdin.resume()
// Watching must not keep a service alive that has nothing else to do.
;(process.stdin as typeof process.stdin & { unref?(): void }).unref?.()
