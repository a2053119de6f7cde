import type { Conversation } from '@switchboard/contracts/desks'
import { isRefusal, type Refusal } from '@switchboard/contracts/errors'
import type { AnyEvent } from '@switchboard/contracts/events'
import type { UsedCid } from '@switchboard/contracts/queries'
import type { DeskCommand, EntityCommand } from '@switchboard/contracts/records'
import { conversationOf } from '@switchboard/domain/decide-desk'
import { findConversation } from '@switchboard/domain/desk'
import { cidKey } from './cid-memory.ts'
import { DeskEntity, deskNamedBy } from './desk-entity.ts'
import type { Known } from './entity.ts'
import type { Asked } from './look-up.ts'

/** Commands whose effects do not follow from themselves, but from the events that they became. */
const isDerived = (command: EntityCommand): boolean =>
  command.method === 'conversation.put' || command.method.startsWith('desk.')

/** What desks and the rooms of their conversations need beyond what every entity does; for others nothing is asked. */
export async function lookUpDesk(
  asked: Asked,
  used: ReadonlyMap<string, UsedCid>,
): Promise<Pick<Known, 'caused' | 'desk'> | Refusal> {
  const derived = asked.batch.map(({ command }) => command).filter(isDerived)
  if (derived.length === 0) return {}
  const caused = await findCaused(asked, derived, used)
  if (isRefusal(caused)) return caused
  const desk = await findDesk(asked, derived as DeskCommand[])
  return isRefusal(desk) ? desk : { caused, desk }
}

/** The events of commands that were applied already: their effects may not have got out. */
async function findCaused(
  { storage, entity, place, nowMs }: Asked,
  derived: readonly EntityCommand[],
  used: ReadonlyMap<string, UsedCid>,
): Promise<Map<string, AnyEvent[]> | Refusal> {
  const seqs = new Map<string, number>()
  for (const command of derived) {
    const inMemory = entity.cids.find(command.from, command.cid, nowMs)
    const found = typeof inMemory === 'object' ? inMemory : used.get(cidKey(command))
    if (found) seqs.set(cidKey(command), found.seq)
  }
  if (seqs.size === 0) return new Map()
  const kind = place.kind === 'desk' ? 'desk' : 'room'
  const answer = await storage.caused(kind, place.id, [...new Set(seqs.values())])
  if (isRefusal(answer)) return answer
  return new Map([...seqs].map(([key, seq]) => [key, answer.get(seq) ?? []]))
}

/** Conversations that are in memory no more, or ended before this router had the desk; and whether a desk that is named exists. */
async function findDesk(
  { storage, entity }: Asked,
  commands: readonly DeskCommand[],
): Promise<NonNullable<Known['desk']> | Refusal> {
  const conversations: Conversation[] = []
  const desks = new Set<string>()
  if (!(entity instanceof DeskEntity)) return { conversations, desks }
  const { state } = entity
  const ids = new Set(commands.map((command) => conversationOf(state, command)))
  const unknown = [...ids].filter((id) => id !== undefined && !findConversation(state, id)) as string[]
  if (unknown.length > 0) {
    const answer = await storage.conversations(state.desk, unknown)
    if (isRefusal(answer)) return answer
    conversations.push(...answer.conversations.map((conversation) => here(conversation, state.desk)))
  }
  const named = commands.map(deskNamedBy).filter((desk) => desk !== undefined && desk !== state.desk)
  if (named.length > 0) {
    const answer = await storage.desks()
    if (isRefusal(answer)) return answer
    for (const desk of answer.desks) desks.add(desk)
  }
  return { conversations, desks }
}

/** What is with another desk by now has moved on, as far as this one is concerned. */
const here = (conversation: Conversation, desk: string): Conversation =>
  conversation.desk === desk
    ? conversation
    : { ...conversation, state: 'moved', agent: null, offer: null, moved_to: conversation.desk }
