/** Calls `stop` when `tools/boot.mjs`, which started this process, is gone: nobody reads our terminal any more then. */
export function whenBootEnds(stop: () => void): void {
  if (!process.connected) return
  process.on('disconnect', stop)
  process.channel?.unref()
}
