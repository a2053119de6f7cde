import Type, { type TSchema } from 'typebox'
import { Cid } from './ids.ts'

export const Seq = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'Number of an event in its room: 1, 2, 3 …',
})

/** What every event carries, whatever its type. `n` is the number of messages in the room so far: unread is a subtraction. */
const everyEvent = {
  seq: Seq,
  n: Type.Integer({ minimum: 0, description: 'Messages in the room up to and with this event' }),
  at: Type.Integer({ description: 'When the router ordered it: milliseconds since the epoch' }),
  from: Type.String({ description: 'Who did it: a user, or $system' }),
  cid: Cid,
}

/** The schema of one type of event. */
export const event = <Name extends string, Fields extends Record<string, TSchema>>(
  type: Name,
  description: string,
  fields: Fields,
) => Type.Object({ type: Type.Literal(type), ...everyEvent, ...fields }, { description })
