const OPEN_MS_MIN = 30_000
const OPEN_MS_MAX = 15 * 60_000

/**
 * Stops sending to a provider that refuses our credential, and lets one push through now and then to see whether that was
 * mended. Also holds a provider back for as long as it asks.
 */
export type Circuit = {
  /** Milliseconds until the next push may be sent. */
  readonly peekMs: () => number
  /** The same, and 0 also takes the turn: whoever gets it must report back. */
  readonly waitMs: () => number
  /** The provider took a push, or refused it for reasons of its own: our credential is good. */
  readonly accepted: () => void
  /** The credential was refused. */
  readonly refused: () => void
  /** The provider asked us all to be quiet for this long. */
  readonly hold: (ms: number) => void
  /** The push was not sent after all, or nobody knows what became of it. */
  readonly undecided: () => void
  readonly isOpen: () => boolean
}

export function createCircuit(now: () => number): Circuit {
  let openedFor = 0
  let closedUntil = 0
  let heldUntil = 0
  let probing = false

  const peekMs = (): number => Math.max(0, heldUntil - now(), closedUntil - now())

  return {
    peekMs,
    waitMs: () => {
      const wait = peekMs()
      if (wait > 0) return wait
      if (openedFor === 0) return 0
      // Open, and it is time for a probe: one push, while the others go on waiting.
      if (probing) return OPEN_MS_MIN
      probing = true
      return 0
    },
    accepted: () => {
      openedFor = 0
      closedUntil = 0
      probing = false
    },
    refused: () => {
      // Pushes that were in flight when the first one was refused must not make it longer.
      if (openedFor > 0 && !probing) return
      openedFor = Math.min(OPEN_MS_MAX, openedFor === 0 ? OPEN_MS_MIN : openedFor * 2)
      closedUntil = now() + openedFor
      probing = false
    },
    hold: (ms) => {
      heldUntil = Math.max(heldUntil, now() + ms)
      probing = false
    },
    undecided: () => {
      probing = false
    },
    isOpen: () => openedFor > 0,
  }
}
