const SECONDS_MAX = 30

export const TRIAL_PASSWORD = 'switchboard'
const TRIAL_ACCOUNTS = [
  { user: 'alice', name: 'Alice' },
  { user: 'bob', name: 'Bob' },
]

/** Makes the two accounts to try Switchboard with, where they are not there yet. */
export async function seedAccounts(url: string): Promise<void> {
  for (const account of TRIAL_ACCOUNTS) {
    const response = await fetch(`${url}/v1/accounts`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...account, password: TRIAL_PASSWORD }),
      signal: AbortSignal.timeout(SECONDS_MAX * 1000),
    })
    const text = await response.text()
    if (response.status === 201 || response.status === 409) continue
    throw new Error(`the account ${account.user} could not be made: ${response.status} ${text}`)
  }
}
