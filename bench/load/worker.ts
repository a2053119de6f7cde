import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** What a process of the bench can be asked for. One argument, one answer, both as structured clones. */
// biome-ignore lint/suspicious/noExplicitAny: each method has an argument of its own.
export type Methods = Readonly<Record<string, (argument: any) => unknown>>

interface Call {
  readonly id: number
  readonly name: string
  readonly argument: unknown
}
type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string }

/** Makes this process answer the one that forked it, and end with it. */
export function serveParent(methods: Methods): void {
  const say = (answer: Answer) => process.send?.(answer)
  process.on('message', async ({ id, name, argument }: Call) => {
    try {
      say({ id, value: await methods[name]?.(argument) })
    } catch (error) {
      say({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  })
  process.on('disconnect', () => process.exit(0))
  // Ctrl-C reaches the whole group: the parent decides in which order things end.
  process.on('SIGINT', () => {})
}

/** A process of the bench: a load, or a limit. */
export interface Worker<M extends Methods> extends AsyncDisposable {
  readonly pid: number
  call<Name extends keyof M & string>(
    name: Name,
    argument: Parameters<M[Name]>[0],
  ): Promise<Awaited<ReturnType<M[Name]>>>
}

const END_MS_MAX = 5_000

/** Starts `bench/<file>`, whose last line is `serveParent(methods)`. Calls reject when it ends by itself. */
export function startWorker<M extends Methods>(
  file: string,
  options: { execArgv?: readonly string[] } = {},
): Worker<M> {
  const path = fileURLToPath(new URL(`../${file}`, import.meta.url))
  const child = fork(path, {
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let calls = 0
  child.on('message', (answer: Answer) => {
    const call = waiting.get(answer.id)
    waiting.delete(answer.id)
    if ('error' in answer) call?.reject(new Error(`${file}: ${answer.error}`))
    else call?.resolve(answer.value)
  })
  child.on('exit', (code, signal) => {
    for (const call of waiting.values()) call.reject(new Error(`${file} ended by itself (${signal ?? code})`))
    waiting.clear()
  })
  return {
    pid: child.pid ?? 0,
    call: (name, argument) =>
      new Promise((resolve, reject) => {
        calls += 1
        waiting.set(calls, { resolve: resolve as (value: unknown) => void, reject })
        child.send({ id: calls, name, argument } satisfies Call, (error) => error && reject(error))
      }),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (child.connected) child.disconnect()
  const late = setTimeout(() => child.kill('SIGKILL'), END_MS_MAX)
  await gone
  clearTimeout(late)
}
