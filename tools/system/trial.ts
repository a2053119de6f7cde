const SECONDS_MAX = 30

const TRIAL_PASSWORD = 'switchboard'
const TRIAL_DESK = 'support'
const TRIAL_AGENTS = ['alice', 'bob']
const TRIAL_ACCOUNTS = [
  { user: 'alice', name: 'Alice' },
  { user: 'bob', name: 'Bob' },
  { user: 'admin', name: 'Administrator', roles: ['admin'] },
]

/** Makes what Switchboard is tried with, where it is not there yet: two people, an administrator, and a desk where the two answer. */
export async function seedTrial(url: string, apiKey: string): Promise<void> {
  const send = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: object) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
      ...(body && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(SECONDS_MAX * 1000),
    })
    const text = await response.text()
    // What is there already stays as its people have made it.
    if (!response.ok && response.status !== 409)
      throw new Error(`${method} ${path} for the trial failed: ${response.status} ${text}`)
    return JSON.parse(text)
  }
  for (const account of TRIAL_ACCOUNTS) await send('POST', '/v1/accounts', { ...account, password: TRIAL_PASSWORD })
  await send('POST', '/v1/desks', { desk: TRIAL_DESK, title: 'Support' })
  const { agents } = await send('GET', `/v1/desks/${TRIAL_DESK}`)
  if (agents.length > 0) return
  for (const user of TRIAL_AGENTS) await send('PUT', `/v1/desks/${TRIAL_DESK}/agents/${user}`, {})
}
