import { headers as createHeaders, type MsgHdrs } from '@nats-io/nats-core'
import { TRACE_HEADER } from '@switchboard/contracts/traces'
import type { Span } from '@switchboard/runtime/tracing'

/** These headers, and with them which span the message is sent by; none are made where there is none. */
export function withTrace(span: Span | undefined, headers?: MsgHdrs): MsgHdrs | undefined {
  if (!span) return headers
  const all = headers ?? createHeaders()
  all.set(TRACE_HEADER, span.trace)
  return all
}

/** Which span a message was sent by, if it is traced. */
export const traceOf = (headers: MsgHdrs | undefined): string | undefined => headers?.get(TRACE_HEADER) || undefined

/** The options of a publish with `headers`, or none: the library takes no undefined. */
export function headersOption(headers: MsgHdrs | undefined): { headers?: MsgHdrs } {
  return headers ? { headers } : {}
}
