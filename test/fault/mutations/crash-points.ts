import type { SourceEdit } from './edits.ts'

/** A line before which a process ends as by SIGKILL. */
export interface CrashPoint extends SourceEdit {
  /** What is done by then, and what is not. */
  readonly between: string
}

const NOW = 'globalThis.faultSwitches.crash()'
/** What was handed to the network before has left when the process ends. */
const SOON_MS = 150

export const CRASH_POINTS = [
  {
    name: 'router-before-publish',
    file: 'services/router/src/lane.ts',
    find: 'const written = await this.#deps.writeEntry(',
    how: 'before',
    replace: `await new Promise((resolve) => setTimeout(resolve, ${SOON_MS})); ${NOW}`,
    between: 'decided, and all that was sent has left; nothing is published',
  },
  {
    name: 'router-before-reply',
    file: 'services/router/src/lane.ts',
    find: 'events.committed({ events: drafts.length,',
    how: 'before',
    replace: NOW,
    between: 'the log has the entry; nobody is answered',
  },
  {
    name: 'router-before-effects',
    file: 'services/router/src/to-commands.ts',
    find: 'await Promise.all(effects.map((effect) => send(effect, signal)))',
    how: 'before',
    replace: `await new Promise((resolve) => setTimeout(resolve, ${SOON_MS})); ${NOW}`,
    between: 'the client is answered; what its event brings about for others is not sent',
  },
  {
    name: 'storage-before-events',
    file: 'services/storage/src/to-mongo.ts',
    find: 'await applyWrites({ ...mongo, ...abilities() }',
    how: 'before',
    replace: NOW,
    between: 'a batch is in hand; nothing of it is written',
  },
  {
    name: 'storage-before-heads',
    file: 'services/storage/src/mongo-write.ts',
    find: 'await Promise.all([updateAll(events, writes.changes), updateAll(members, writes.marks)])',
    how: 'before',
    replace: NOW,
    between: 'events and members are written; the heads of their rooms are not',
  },
  {
    name: 'storage-before-position',
    file: 'services/storage/src/mongo-write.ts',
    find: 'await updateAll(positions, writes.positions)',
    how: 'before',
    replace: NOW,
    between: 'the whole batch is written; the position has not moved',
  },
  {
    name: 'notifier-before-send',
    file: 'services/notifier/src/deliver.ts',
    find: 'const outcome = await matter.send(record, taken.tries)',
    how: 'before',
    replace: NOW,
    between: 'the push is claimed; the provider knows nothing of it',
  },
  {
    name: 'notifier-before-record',
    file: 'services/notifier/src/deliver.ts',
    find: 'events.attempted(record, outcome, now())',
    how: 'before',
    replace: NOW,
    between: 'the provider has taken the push; the queue still holds it',
  },
] as const satisfies readonly CrashPoint[]

export type CrashPointName = (typeof CRASH_POINTS)[number]['name']
