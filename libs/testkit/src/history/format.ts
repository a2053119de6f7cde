import type { JournalRecord } from './records.ts'
import { FINDINGS_MAX, type Verdict } from './verdict.ts'

const EVIDENCE_CHARS = 300

/** A verdict for the terminal: what was done, what was reached, what is wrong, and one last line that says it all. */
export function formatVerdict(verdict: Verdict): string {
  const { findings, found, counts, states, passed } = verdict
  const lines = ['done:', ...table(counts), 'reached:', ...table(states)]
  for (const { check, promise, message, evidence } of findings) {
    lines.push(`${promise} ${check}: ${message}`)
    for (const record of evidence) lines.push(`    ${short(record)}`)
  }
  for (const [check, count] of Object.entries(found))
    if (count > FINDINGS_MAX) lines.push(`${check}: ${count - FINDINGS_MAX} more`)
  lines.push(`verdict: ${passed ? 'pass' : 'FAIL'}`)
  return lines.join('\n')
}

function table(values: Readonly<Record<string, number>>): string[] {
  const rows = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  const width = Math.max(0, ...rows.map(([name]) => name.length))
  return rows.length === 0 ? ['  nothing'] : rows.map(([name, count]) => `  ${name.padEnd(width)}  ${count}`)
}

function short(record: JournalRecord): string {
  const text = JSON.stringify(record)
  return text.length <= EVIDENCE_CHARS ? text : `${text.slice(0, EVIDENCE_CHARS - 1)}…`
}
