/** What a parent says to a worker. */
export type ToWorker = { readonly ask: 'alive' | 'metrics' }

/** What a worker says to its parent. Whatever it says shows that it is alive. */
export type FromWorker =
  | { readonly say: 'alive' | 'ready' }
  /** The Prometheus text exposition: asked for, or the last one before the end. */
  | { readonly say: 'metrics'; readonly text: string }

const ARGUMENT = '--worker='

/** Worker number 1, 2, … is told so on its command line: the environment is for people. */
export const workerArgument = (worker: number): string => `${ARGUMENT}${worker}`

/** @returns the number of the worker that was started with these arguments, or null. */
export function workerOf(args: readonly string[]): number | null {
  const found = args.find((arg) => arg.startsWith(ARGUMENT))
  return found === undefined ? null : Number(found.slice(ARGUMENT.length))
}
