import type { Switchboard } from '@switchboard/client'
import { createSlots } from '@switchboard/runtime/slots'
import { api, Person } from '../flow/flow-fixture.ts'
import type { Desk } from './desks.ts'

const AT_ONCE = 12

/** How the visitor with this number is called. */
export const nameOf = (index: number): string => `Visitor ${String(index).padStart(4, '0')}`

/**
 * So many visitors, each from an address of their own, enter a desk where agents pick, and this agent picks each. The edge must trust one
 * proxy (`PROXY_HOPS`). @returns the conversations, by number.
 */
export function manyConversations(
  url: string,
  { desk, agent, count }: { desk: Desk; agent: Switchboard; count: number },
): Promise<string[]> {
  const inTurn = createSlots(AT_ONCE)
  const enter = async (index: number): Promise<string> => {
    const headers = { 'x-forwarded-for': `10.1.${index >> 8}.${index & 255}` }
    const { body } = await api(url, { method: 'POST', path: '/v1/visitors', headers, body: { desk: desk.desk } })
    using person = await new Person(url, body.token).connect()
    const entering = { cid: `enter-${index}`, desk: desk.desk, form: { name: nameOf(index) } }
    const entered = await person.rpc<{ conversation: string; revision: number }>('desk.enter', entering)
    await agent.desk(desk.desk).act('desk.pick', entered)
    return entered.conversation
  }
  return Promise.all(Array.from({ length: count }, (_, index) => inTurn(() => enter(index))))
}
