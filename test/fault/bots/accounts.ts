import { backoffMs, pause } from '@switchboard/runtime/deadline'

const PASSWORD = 'switchboard'
const REQUEST_MS_MAX = 10_000
const LOG_IN_MS_MAX = 120_000

export interface Answer {
  readonly status: number
  readonly body: Record<string, unknown>
}

export interface Asked {
  readonly method?: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly token?: string
  /** Of an administrator. */
  readonly key?: string
  readonly body?: object
}

/** One request to the HTTP API. A sentence when nobody answered, or with an error that may be tried again. */
async function tryApi(url: string, { method = 'GET', path, token, key, body }: Asked): Promise<Answer | string> {
  try {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(key === undefined ? {} : { 'x-api-key': key }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    })
    const text = await response.text()
    const answer = text === '' ? {} : JSON.parse(text)
    const mayTryAgain = response.status >= 500 || answer.error?.retry === true
    return mayTryAgain ? `${response.status} ${text}` : { status: response.status, body: answer }
  } catch (error) {
    return String(error)
  }
}

/** Until it is answered. @throws when that takes too long: the system does not come back. */
export async function askApi(url: string, asked: Asked, msMax = LOG_IN_MS_MAX): Promise<Answer> {
  const deadline = performance.now() + msMax
  for (let attempt = 0; ; attempt++) {
    const answer = await tryApi(url, asked)
    if (typeof answer !== 'string') return answer
    if (performance.now() > deadline) throw new Error(`no answer to ${asked.path} in ${msMax} ms: ${answer}`)
    await pause(backoffMs(attempt, Math.random, { base: 200, max: 2_000 }))
  }
}

/** Makes the account if need be, and logs in. */
export async function logIn(url: string, user: string): Promise<string> {
  const credentials = { user, password: PASSWORD }
  await askApi(url, { method: 'POST', path: '/v1/accounts', body: credentials })
  const { status, body } = await askApi(url, { method: 'POST', path: '/v1/login', body: credentials })
  if (status !== 200 || typeof body.token !== 'string')
    throw new Error(`${user} could not log in: ${status} ${JSON.stringify(body)}`)
  return body.token
}
