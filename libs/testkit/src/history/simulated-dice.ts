export const WHATS = ['send', 'burst', 'edit', 'add', 'remove', 'read', 'lose', 'return', 'create', 'fault'] as const

/** One thing that happens in a simulated run. All numbers are dice: what they stand for depends on where the run is. */
export interface Step {
  readonly what: (typeof WHATS)[number]
  readonly who: number
  readonly where: number
  readonly how: number
}

/** What may become of a command: acknowledged, refused, or unknown, and then done or not, and asked for again or not. */
export const FATES = [
  { done: false, first: 'refused', again: false },
  { done: false, first: 'unknown', again: false },
  { done: true, first: 'unknown', again: false },
  { done: true, first: 'unknown', again: true },
  { done: true, first: 'ok', again: true },
  { done: true, first: 'ok', again: false },
  { done: true, first: 'ok', again: false },
] as const
