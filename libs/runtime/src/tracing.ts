import { AsyncLocalStorage } from 'node:async_hooks'
import type { SpanAttribute, SpanName } from '@switchboard/contracts/traces'

export type Attributes<Name extends SpanName = SpanName> = Readonly<
  Partial<Record<SpanAttribute<Name>, string | number>>
>

/** A span that is recorded. Where nothing is recorded there is none, so that what is not traced costs a comparison. */
export interface Span {
  /** What stands in a header of what it causes: W3C `traceparent`. */
  readonly trace: string
  readonly traceId: string
  readonly spanId: string
  note(attributes: Attributes): void
  /** Something else that belongs to it, and is neither its parent nor its child. */
  link(other: Span): void
  /** Runs `work` in this span: what it asks, and what it logs, belongs to it. */
  run<T>(work: () => T): T
  /** Once. `hasFailed` for what is a fault of ours or of a server; a refusal is none. */
  end(hasFailed?: boolean): void
}

export interface Beginning<Name extends SpanName> {
  /** What caused it: a span of this process, or a header of another. */
  readonly cause: Span | string | undefined
  /** After the name, for people: a method, a provider. Never an id. */
  readonly of?: string
  readonly attributes?: Attributes<Name>
}

/** The spans of one process. A service has none of this unless its settings say where spans go. */
export interface Tracing extends AsyncDisposable {
  /** A span below what caused it; none if that is not traced. */
  begin<Name extends SpanName>(name: Name, beginning: Beginning<Name>): Span | undefined
  /** A span where a trace may begin: by dice, or because the client that asks is traced already. */
  beginHere<Name extends SpanName>(name: Name, beginning: Beginning<Name>): Span | undefined
  /**
   * One span for what many caused together: a child of the first, linked to the others, and these to it. None if none of them
   * is traced.
   */
  gather<Name extends SpanName>(
    name: Name,
    causes: readonly (Span | undefined)[],
    attributes?: Attributes<Name>,
  ): Span | undefined
  /** The span that this code runs in. */
  readonly active: Span | undefined
}

/** The span that code runs in, followed through everything that it awaits. */
export type ActiveSpan = AsyncLocalStorage<Span>
export const activeSpan = (): ActiveSpan => new AsyncLocalStorage()

/** Does it in the span, if there is one. */
export const inSpan = <T>(span: Span | undefined, work: () => T): T => (span ? span.run(work) : work())

/** The same for what is done when it resolves: the span ends with it, and notes what `tell` says. What it throws is a failure. */
export async function throughSpan<T>(
  span: Span | undefined,
  work: () => Promise<T>,
  tell: (result: T) => Attributes = () => ({}),
): Promise<T> {
  if (!span) return work()
  try {
    const result = await span.run(work)
    span.note(tell(result))
    span.end()
    return result
  } catch (error) {
    span.end(true)
    throw error
  }
}
