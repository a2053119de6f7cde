import type { PushFault, PushServer } from '@switchboard/testkit/push-http2'
import { type FaultKind, fault, type Heal, type Stage } from './faults-kind.ts'
import type { Plannable } from './plan.ts'

const PROVIDERS = ['apns', 'fcm', 'webpush'] as const
type Provider = (typeof PROVIDERS)[number]

const serverOf = ({ push, target }: Stage): PushServer => push[target as Provider]

/** Every request meets this fault until it is healed. */
const every =
  (faultOf: () => PushFault) =>
  async (stage: Stage): Promise<Heal> => {
    let isOn = true
    serverOf(stage).plan(faultOf(), { times: Number.POSITIVE_INFINITY, when: () => isOn })
    return () => {
      isOn = false
    }
  }

const answer = (status: number): PushFault => ({
  kind: 'answer',
  answer: { status, reason: 'a storm', headers: status === 429 ? { 'retry-after': '2' } : {} },
})

const onProviders: Pick<Plannable, 'claims' | 'targets'> = { claims: ['push'], targets: PROVIDERS }

/** Faults of the push providers. */
export const PUSH_FAULTS: readonly FaultKind[] = [
  fault(
    { name: 'push-429', what: 'a push provider answers 429 to everything', listed: 'F18' },
    { ...onProviders, seconds: [5, 15], inject: every(() => answer(429)) },
  ),
  fault(
    { name: 'push-503', what: 'a push provider answers 503 to everything', listed: 'F18' },
    { ...onProviders, seconds: [5, 15], inject: every(() => answer(503)) },
  ),
  fault(
    { name: 'push-silent', what: 'a push provider shows what it gets and never answers', listed: 'F18' },
    { ...onProviders, seconds: [5, 12], inject: every(() => ({ kind: 'silent' })) },
  ),
  fault(
    { name: 'push-cut', what: 'a push provider cuts the connection after each request', listed: 'F18' },
    { ...onProviders, seconds: [3, 8], inject: every(() => ({ kind: 'destroy' })) },
  ),
  fault(
    { name: 'push-goaway', what: 'a push provider says GOAWAY on every connection', listed: 'F18' },
    {
      ...onProviders,
      seconds: [0, 1],
      inject: async (stage) => {
        for (const session of serverOf(stage).sessions) if (session.open()) session.goaway()
        return () => {}
      },
    },
  ),
]
