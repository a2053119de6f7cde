import type { GlobalRole } from '@switchboard/contracts/records'
import { isChief } from '@switchboard/domain/conversation-room'
import { agentKey } from './documents.ts'
import { exactly } from './mongo-connect.ts'
import type { RoomView, Sources } from './room-view.ts'

/** Who asks. */
export interface Asker {
  readonly user: string
  readonly roles?: readonly GlobalRole[]
}

/** What somebody is at a desk, as MongoDB knows it: a moment behind, which is soon enough for who may look. */
export async function partAt(
  { collections }: Pick<Sources, 'collections'>,
  desk: string,
  { user, roles }: Asker,
): Promise<'supervisor' | 'agent' | null> {
  if (isChief(roles)) return 'supervisor'
  const found = await collections.desk_agents.findOne({ _id: exactly(agentKey(desk, user)) })
  if (!found?.agent || found.gone) return null
  return found.agent.supervisor ? 'supervisor' : 'agent'
}

/** The same for the desk of a conversation's room; null for other rooms. */
export async function partIn(sources: Sources, { state }: RoomView, asker: Asker) {
  return state.standing ? partAt(sources, state.standing.desk, asker) : null
}
