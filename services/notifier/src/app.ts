import { rootCertificates } from 'node:tls'
import { readClaim, writeClaim } from '@switchboard/bus/claim'
import { connectBus } from '@switchboard/bus/connect'
import { ensureStreams } from '@switchboard/bus/streams'
import { MAX } from '@switchboard/contracts/limits'
import type { Device } from '@switchboard/contracts/records'
import { PresenceView } from '@switchboard/domain/presence-view'
import type { Context } from '@switchboard/runtime/context'
import { type Tracing, throughSpan } from '@switchboard/runtime/tracing'
import type { ClaimRecord } from './claims.ts'
import { checkSettings, type NotifierSettings, type settings } from './config.ts'
import { Deliverer } from './deliver.ts'
import { createEvents } from './events.ts'
import { readServiceAccount } from './fcm-access.ts'
import { fromLog, tailOf } from './from-log.ts'
import { fromMarks } from './from-marks.ts'
import { fromPresence } from './from-presence.ts'
import { fromPushes } from './from-pushes.ts'
import type { ApnsDevice, FcmDevice, Outcome, PushRequest, PushSender, WebpushDevice } from './outcome.ts'
import { createTail } from './room-tail.ts'
import { toApns } from './to-apns.ts'
import { toFcm } from './to-fcm.ts'
import { toPushes } from './to-pushes.ts'
import { toQueries } from './to-queries.ts'
import { toWebpush } from './to-webpush.ts'

/** Two exchanges with a provider and a token service, each of 30 seconds, and some room. */
const SETTLE_MS = 150_000

export type NotifierOverrides = {
  readonly now?: () => number
  readonly random?: () => number
  readonly delayMs?: number
  readonly settleMs?: number
}

/** Builds the notifier. Disposing stops planning, then sending, then closes what they used. */
export async function startNotifier(
  context: Context<typeof settings>,
  overrides: NotifierOverrides = {},
): Promise<AsyncDisposable> {
  const { log, health, meters, crash, tracing } = context
  const now = overrides.now ?? Date.now
  const random = overrides.random ?? Math.random
  checkSettings(context.settings)
  health.ready('pushes', false)

  await using stack = new AsyncDisposableStack()
  const bus = stack.use(
    await connectBus({
      url: context.settings.NATS_URL,
      namespace: context.settings.NATS_NAMESPACE,
      service: context.service,
      replicas: context.settings.NATS_REPLICAS,
      log,
      tracing,
    }),
  )
  await ensureStreams(bus)
  const events = createEvents({ log, meters })
  const queries = toQueries(bus)
  const marks = fromMarks(bus)
  const tail = createTail(tailOf(bus))
  const view = new PresenceView()
  stack.use(await fromPresence(bus, view))
  const isLooking = (user: string): boolean => view.of(user).foreground > 0
  const senders = createSenders(context.settings, { now, random })
  for (const sender of [senders.apns, senders.fcm, senders.webpush]) if (sender !== undefined) stack.use(sender)
  const providers = (['apns', 'fcm', 'webpush'] as const).filter((provider) => senders[provider] !== undefined)
  log.info({ providers }, 'pushes go to these providers')

  const deliverer = new Deliverer({
    owner: context.id,
    claims: {
      write: (key, value, expect) => writeClaim(bus, { key, value, expect }),
      read: (key) => readClaim<ClaimRecord>(bus, key),
    },
    isLooking,
    readSeq: async ({ room, user, log_seq }) =>
      Math.max(...(await Promise.all([marks.read(room, user), tail.wrote(room, { user, after: log_seq })]))),
    send: (push) => sendTraced(tracing, push, senders),
    forget: queries.forget,
    events,
    now,
    random,
    settleMs: overrides.settleMs ?? SETTLE_MS,
    ageMsMax: MAX.pushAgeMs,
  })
  const deliver = deliverer.deliver.bind(deliverer)
  stack.use(await fromPushes(bus, { providers, deliver, events, now, crash }))
  stack.use(
    await fromLog(bus, {
      queries,
      toPushes: toPushes(bus),
      providers: new Set<Device['provider']>(providers),
      events,
      now,
      random,
      delayMs: overrides.delayMs ?? MAX.pushDelayMs,
      crash,
    }),
  )
  health.ready('pushes', true)
  return stack.move()
}

type Senders = {
  readonly apns: PushSender<ApnsDevice> | undefined
  readonly fcm: PushSender<FcmDevice> | undefined
  readonly webpush: PushSender<WebpushDevice> | undefined
}

/** A sender for each provider that has its credentials in the settings. */
function createSenders(values: NotifierSettings, clock: { now: () => number; random: () => number }): Senders {
  const every = { ...clock, ca: values.PUSH_CA === '' ? rootCertificates : [...rootCertificates, values.PUSH_CA] }
  return {
    apns:
      values.APNS_KEY === ''
        ? undefined
        : toApns({
            ...every,
            url: values.APNS_URL,
            ...(values.APNS_SANDBOX_URL === '' ? {} : { sandboxUrl: values.APNS_SANDBOX_URL }),
            key: values.APNS_KEY,
            keyId: values.APNS_KEY_ID,
            teamId: values.APNS_TEAM_ID,
            topic: values.APNS_TOPIC,
          }),
    fcm:
      values.FCM_SERVICE_ACCOUNT === ''
        ? undefined
        : toFcm({ ...every, url: values.FCM_URL, account: readServiceAccount(values.FCM_SERVICE_ACCOUNT) }),
    webpush:
      values.VAPID_PUBLIC_KEY === ''
        ? undefined
        : toWebpush({
            ...every,
            publicKey: values.VAPID_PUBLIC_KEY,
            privateKey: values.VAPID_PRIVATE_KEY,
            subject: values.VAPID_SUBJECT,
            hosts: values.WEBPUSH_HOSTS,
          }),
  }
}

function sendTraced(tracing: Tracing | undefined, push: PushRequest, senders: Senders): Promise<Outcome> {
  const { provider } = push.device
  const span = tracing?.begin('notifier.send', { cause: tracing.active, of: provider, attributes: { provider } })
  const send = () => sendBy(senders, push)
  return throughSpan(span, send, ({ kind }) => ({ outcome: kind }))
}

function sendBy(senders: Senders, push: PushRequest): Promise<Outcome> {
  const { device } = push
  switch (device.provider) {
    case 'apns':
      return known(senders.apns).send({ ...push, device })
    case 'fcm':
      return known(senders.fcm).send({ ...push, device })
    case 'webpush':
      return known(senders.webpush).send({ ...push, device })
  }
}

/** Only queues of providers that are configured are read. */
function known<T>(sender: T | undefined): T {
  if (sender === undefined) throw new Error('a push for a provider that is not configured')
  return sender
}
