import { askApi } from './accounts.ts'

/** Of the edges of a world with a desk: whoever has it may make desks and agents. */
export const DESK_KEY = 'key-of-a-fault-run'

/** Short times, so that what they are for happens in a run. */
const SETTINGS = { title: 'A desk of a fault run', offer_seconds: 5, requeue_seconds: 2, bot_seconds: 5 }

/** Makes a desk. Sent again after a lost answer it is there already. @throws when the system does not answer for long. */
export async function makeDesk(url: string, desk: string, settings: object = {}): Promise<void> {
  const body = { desk, ...SETTINGS, ...settings }
  const { status, body: answer } = await askApi(url, { method: 'POST', path: '/v1/desks', key: DESK_KEY, body })
  if (status !== 201 && status !== 409) throw new Error(`a desk was answered with ${status} ${JSON.stringify(answer)}`)
}
