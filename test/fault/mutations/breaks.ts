import type { SourceEdit } from './edits.ts'

/** A rule of the product broken on purpose. The directed scenario of its name passes without it and must not with it. */
export interface Break extends SourceEdit {
  /** What the line keeps from happening. */
  readonly why: string
  /** What happens in the scenario while it is missing. */
  readonly scenario: string
}

export const BREAKS = [
  {
    name: 'no-expected-sequence',
    file: 'libs/bus/src/log.ts',
    find: '{ [PubHeaders.ExpectedLastSubjectSequenceHdr]: String(expect) }',
    how: 'expression',
    replace: '{}',
    why: 'a router that was stopped and knows nothing of its successor may not write (G2)',
    scenario: 'the owner of a room is stopped, another takes over and writes, and the first one goes on',
  },
  {
    name: 'answer-before-commit',
    file: 'services/router/src/lane.ts',
    find: 'const written = await this.#write(entity, [first, ...rest], decided)',
    how: 'before',
    replace: `for (const { taken, outcome } of decided)
      if (outcome?.kind === 'committed') this.#deps.replies.ok(taken.command.reply, outcome.answer)`,
    why: 'what is acknowledged is in the log (G1)',
    scenario: 'a router dies between its decision and its publish',
  },
  {
    name: 'no-cid-check',
    file: 'services/router/src/lane.ts',
    find: "typeof found === 'object' ? found : known.cids.get(cidKey(command))",
    how: 'expression',
    replace: 'undefined',
    why: 'a command that is sent again is answered again and not applied again (G3)',
    scenario: 'a client that had no answer sends its command again',
  },
  {
    name: 'no-gap-check',
    file: 'services/edge/src/feed.ts',
    find: 'entry.range.first !== this.#head + 1 || entry.range.epoch !== this.#epoch',
    how: 'expression',
    replace: 'entry.range.epoch !== this.#epoch',
    why: 'an entry with a hole before it waits until the hole is filled (G4)',
    scenario: 'an edge misses one live entry of the log, and the next one comes',
  },
  {
    name: 'no-lease-renewal',
    file: 'libs/bus/src/partitions.ts',
    find: 'let written = await writeLease(this.#bus, { ...lease, expect: this.#memberRevision })',
    how: 'before',
    replace: 'if (this.#memberRevision > 0) return',
    why: 'a partition has one owner as long as that one lives',
    scenario: 'nothing happens at all, for longer than a lease lasts',
  },
  {
    name: 'position-first',
    file: 'services/storage/src/to-mongo.ts',
    find: 'await applyWrites({ ...mongo, ...abilities() }',
    how: 'before',
    replace: `const none = Object.fromEntries(Object.keys(writes).map((key) => [key, []]))
      await applyWrites({ ...mongo, ...abilities() }, { ...none, positions: [...unsaved.values()] })`,
    why: 'the position moves when what it passes is stored (G1)',
    scenario: 'a storage dies with a batch in its hands',
  },
  {
    name: 'no-expiry-of-dead-edges',
    file: 'services/router/src/from-presence.ts',
    find: 'changed(view.edgeGone(bus.names.edgeOfLease(key)))',
    how: 'expression',
    replace: 'undefined',
    why: 'nobody stays online whose edge is dead (G5)',
    scenario: 'an edge is killed with people on it who do not come back',
  },
  {
    name: 'no-revision-fence',
    file: 'libs/domain/src/decide-conversation.ts',
    find: 'command.body.revision !== conversation.revision',
    how: 'expression',
    replace: 'false',
    why: 'nobody acts on a conversation that has changed since they looked (G7)',
    scenario: 'an agent hands a conversation back that was put aside since they looked',
  },
  {
    name: 'no-capacity',
    file: 'libs/domain/src/desk.ts',
    find: 'loadOf(seat) < seat.agent.capacity',
    how: 'expression',
    replace: 'true',
    why: 'an agent gets no more than they take',
    scenario: 'two visitors come, and there is one agent, who takes one',
  },
  {
    name: 'no-requeue',
    file: 'libs/domain/src/desk.ts',
    find: 'isPresent(seat) || loadOf(seat) === 0',
    how: 'expression',
    replace: 'true',
    why: 'what an agent has who is gone waits again (G7)',
    scenario: 'an agent who has a conversation goes and does not come back',
  },
] as const satisfies readonly Break[]

export type BreakName = (typeof BREAKS)[number]['name']
