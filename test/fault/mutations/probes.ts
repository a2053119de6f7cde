import type { SourceEdit } from './edits.ts'

/** Edits that break no rule: what a network may do at any time, and a look at who does something. */
export const PROBES = [
  {
    name: 'live-entry-lost',
    file: 'services/edge/src/from-log.ts',
    find: 'const entry = parseEntry({ subject, data, headers, seq: Number(headers.get(HEADER.logSeq)) })',
    how: 'before',
    replace: 'return',
  },
  {
    name: 'who-writes',
    file: 'services/router/src/lane.ts',
    find: 'const { kind, id, incarnation, epoch, floor, fenced, signal } = this.#place',
    how: 'before',
    replace: '',
  },
] as const satisfies readonly SourceEdit[]

export type ProbeName = (typeof PROBES)[number]['name']
