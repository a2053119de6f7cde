/** Everything that a key does, as `?` lists it. */
export const SHORTCUTS = {
  next: { keys: ['j', 'ArrowDown'], says: 'Next conversation' },
  previous: { keys: ['k', 'ArrowUp'], says: 'Previous conversation' },
  accept: { keys: ['a'], says: 'Accept what is offered' },
  decline: { keys: ['x'], says: 'Decline what is offered' },
  reply: { keys: ['r', 'Enter'], says: 'Write to the visitor' },
  note: { keys: ['n'], says: 'Write a note for agents' },
  transfer: { keys: ['t'], says: 'Hand on' },
  hold: { keys: ['h'], says: 'Hold, or take up again' },
  snooze: { keys: ['s'], says: 'Snooze' },
  close: { keys: ['e'], says: 'Close, or reopen' },
  find: { keys: ['/'], says: 'Find a conversation' },
  tab1: { keys: ['1'], says: 'Mine' },
  tab2: { keys: ['2'], says: 'Waiting' },
  tab3: { keys: ['3'], says: 'Team' },
  tab4: { keys: ['4'], says: 'Ended' },
  report: { keys: ['p'], says: 'Reports (supervisors)' },
  help: { keys: ['?'], says: 'This list' },
} as const satisfies Record<string, { keys: readonly string[]; says: string }>

export type Shortcut = keyof typeof SHORTCUTS

interface Pressed {
  readonly key: string
  readonly ctrlKey: boolean
  readonly metaKey: boolean
  readonly altKey: boolean
}

const BY_KEY = new Map<string, Shortcut>(
  Object.entries(SHORTCUTS).flatMap(([name, { keys }]) => keys.map((key) => [key, name as Shortcut] as const)),
)

/** What a key means, outside of fields; with a modifier it is the browser's. */
export const shortcutOf = ({ key, ctrlKey, metaKey, altKey }: Pressed): Shortcut | null =>
  ctrlKey || metaKey || altKey ? null : (BY_KEY.get(key) ?? null)
