/** What lies in the claims bucket for one push. */
export type ClaimRecord = {
  /** The incarnation of the notifier that wrote it. */
  readonly owner: string
  /** `sending`: its owner may have given the push to the provider. `retry`: it has an answer, and the push may go again. */
  readonly state: 'sending' | 'retry'
  /** Attempts that ended. */
  readonly tries: number
  /** Attempts of which nobody knows whether the provider took the push. */
  readonly unknown: number
  /** When it was written: milliseconds since the epoch. */
  readonly at: number
}

/** What this process itself remembers of a push. */
export type ClaimMemory =
  | { readonly state: 'in-hand' }
  | { readonly state: 'settled' }
  | { readonly state: 'retry'; readonly tries: number; readonly unknown: number }

export type ClaimDecision =
  /** Write a claim over `expect`, then send. */
  | { readonly kind: 'take'; readonly expect: number; readonly tries: number; readonly unknown: number }
  /** Somebody is at it: look again later. */
  | { readonly kind: 'wait'; readonly afterMs: number }
  /** It was sent, or given up, by this process. */
  | { readonly kind: 'settled' }
  /** Its sender ended between claim and answer: it may have been shown, so it is not sent again (G6). */
  | { readonly kind: 'abandon' }

/** What to do about a push that is (or is not) claimed already. `settleMs` is longer than any attempt takes. */
export function decideClaim(options: {
  readonly found: { readonly revision: number; readonly value: ClaimRecord } | null
  readonly memory: ClaimMemory | undefined
  readonly owner: string
  readonly now: number
  readonly settleMs: number
}): ClaimDecision {
  const { found, memory, owner, now, settleMs } = options
  if (memory?.state === 'settled') return { kind: 'settled' }
  if (memory?.state === 'in-hand') return { kind: 'wait', afterMs: settleMs }
  if (found === null) return { kind: 'take', expect: 0, tries: memory?.tries ?? 0, unknown: memory?.unknown ?? 0 }
  const { revision, value } = found
  // Ours, and not in hand: either it waits for its next try, or writing the claim failed before anything was sent.
  if (value.owner === owner) {
    return {
      kind: 'take',
      expect: revision,
      tries: memory?.tries ?? value.tries,
      unknown: memory?.unknown ?? value.unknown,
    }
  }
  if (value.state === 'retry') return { kind: 'take', expect: revision, tries: value.tries, unknown: value.unknown }
  const age = now - value.at
  return age < settleMs ? { kind: 'wait', afterMs: Math.max(1_000, settleMs - age) } : { kind: 'abandon' }
}
