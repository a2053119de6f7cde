import { checkCommands, checkHistories } from './check-commands.ts'
import { checkConversations } from './check-conversations.ts'
import { checkDelivery } from './check-delivery.ts'
import { checkDesks } from './check-desks.ts'
import { checkMarks } from './check-marks.ts'
import { checkOrder } from './check-order.ts'
import { checkPresence } from './check-presence.ts'
import { checkPushes } from './check-pushes.ts'
import { checkRemoval } from './check-removal.ts'
import { countRun } from './counts.ts'
import { type Facts, gatherFacts } from './facts.ts'
import type { JournalRecord } from './records.ts'
import { type CheckOptions, Findings, resolveOptions, type Verdict } from './verdict.ts'

const CHECKS: readonly ((facts: Facts) => void)[] = [
  checkCommands,
  checkHistories,
  checkOrder,
  checkDelivery,
  checkRemoval,
  checkMarks,
  checkPresence,
  checkPushes,
  checkConversations,
  checkDesks,
]

/** Holds what everybody saw against what was promised. `records` are in the order of time, as `readJournal` gives them. */
export function checkHistory(records: readonly JournalRecord[], options: CheckOptions = {}): Verdict {
  const resolved = resolveOptions(options)
  const findings = new Findings()
  const facts = gatherFacts(records, resolved, findings)
  for (const check of CHECKS) check(facts)
  const { counts, states } = countRun(facts)
  for (const name of resolved.required)
    if (!((states[name] ?? 0) > 0))
      findings.add('not-reached', `the run never reached ${name}: it proves nothing of it`)
  const { lines, allowed } = resolved.torn
  if (lines > allowed)
    findings.add('torn-journal', `${lines} journals end in a torn line, and ${allowed} processes were killed`)
  const isPassed = findings.list.length === 0
  return { passed: isPassed, findings: findings.list, found: Object.fromEntries(findings.found), counts, states }
}
