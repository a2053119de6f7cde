import { rootCertificates } from 'node:tls'
import { readClaim, writeClaim } from '@switchboard/bus/claim'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { ensureStreams } from '@switchboard/bus/streams'
import { MAX } from '@switchboard/contracts/limits'
import type { Device } from '@switchboard/contracts/records'
import { PresenceView } from '@switchboard/domain/presence-view'
import type { Context } from '@switchboard/runtime/context'
import { type Tracing, throughSpan } from '@switchboard/runtime/tracing'
import type { ClaimRecord } from './claims.ts'
import { checkSettings, type NotifierSettings, type settings } from './config.ts'
import { type HookOptions, hookDeliverer } from './deliver-hooks.ts'
import { pushDeliverer } from './deliver-pushes.ts'
import { createEvents, type Events } from './events.ts'
import { readServiceAccount } from './fcm-access.ts'
import { fromLog, tailOf } from './from-log.ts'
import { fromMarks } from './from-marks.ts'
import { fromPresence } from './from-presence.ts'
import { type FromPushesOptions, fromPushes } from './from-pushes.ts'
import { type KnownHooks, knownHooks } from './known-hooks.ts'
import type { ApnsDevice, FcmDevice, Outcome, PushRequest, PushSender, WebpushDevice } from './outcome.ts'
import { createTail } from './room-tail.ts'
import { toApns } from './to-apns.ts'
import { toFcm } from './to-fcm.ts'
import { toHooks, toPushes, WEBHOOKS } from './to-pushes.ts'
import { type Queries, toQueries } from './to-queries.ts'
import { toWebhooks, type WebhookSender } from './to-webhooks.ts'
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
  const view = new PresenceView()
  stack.use(await fromPresence(bus, view))
  const senders = createSenders(context.settings, { now, random })
  for (const sender of [senders.apns, senders.fcm, senders.webpush]) if (sender !== undefined) stack.use(sender)
  const providers = (['apns', 'fcm', 'webpush'] as const).filter((provider) => senders[provider] !== undefined)
  log.info({ providers }, 'pushes go to these providers')

  const hooks = knownHooks({ targets: queries.webhooks, now })
  const webhooks = stack.use(
    toWebhooks({ hosts: context.settings.WEBHOOK_HOSTS, ca: caOf(context.settings), now, random }),
  )
  const settleMs = overrides.settleMs ?? SETTLE_MS
  const deliverers = createDeliverers(context, {
    bus,
    events,
    queries,
    view,
    hooks,
    senders,
    webhooks,
    now,
    random,
    settleMs,
  })
  stack.use(await fromPushes(bus, { providers, ...deliverers, events, now, crash }))
  stack.use(
    await fromLog(bus, {
      queries,
      toPushes: toPushes(bus),
      toHooks: toHooks(bus),
      hooks,
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

type DelivererParts = Pick<HookOptions, 'now' | 'random' | 'settleMs'> & {
  readonly bus: Bus
  readonly events: Events
  readonly queries: Queries
  readonly view: PresenceView
  readonly hooks: KnownHooks
  readonly senders: Senders
  readonly webhooks: WebhookSender
}

/** What decides about pushes and about deliveries to webhooks, with the claims and the last look that they share. */
function createDeliverers(
  { id: owner, tracing }: Context<typeof settings>,
  { bus, events, queries, view, hooks, senders, webhooks, ...clock }: DelivererParts,
): Pick<FromPushesOptions, 'deliver' | 'deliverHook'> {
  const marks = fromMarks(bus)
  const tail = createTail(tailOf(bus))
  const every: Omit<HookOptions, 'known' | 'send' | 'events'> = {
    ...clock,
    owner,
    ageMsMax: MAX.pushAgeMs,
    claims: {
      write: (key, value, expect) => writeClaim(bus, { key, value, expect }),
      read: (key) => readClaim<ClaimRecord>(bus, key),
    },
    isLooking: (user) => view.of(user).foreground > 0,
    readSeq: async ({ room, user, log_seq }) =>
      Math.max(...(await Promise.all([marks.read(room, user), tail.wrote(room, { user, after: log_seq })]))),
  }
  const send = (push: PushRequest) => sendTraced(tracing, push, senders)
  const pushes = pushDeliverer({ ...every, send, forget: queries.forget, events })
  const told = hookDeliverer({ ...every, known: hooks, send: hookTraced(tracing, webhooks), events: events.hooks })
  return { deliver: (record) => pushes.deliver(record), deliverHook: (record) => told.deliver(record) }
}

type Senders = {
  readonly apns: PushSender<ApnsDevice> | undefined
  readonly fcm: PushSender<FcmDevice> | undefined
  readonly webpush: PushSender<WebpushDevice> | undefined
}

const caOf = ({ PUSH_CA }: NotifierSettings) => (PUSH_CA === '' ? rootCertificates : [...rootCertificates, PUSH_CA])

/** A sender for each provider that has its credentials in the settings. */
function createSenders(values: NotifierSettings, clock: { now: () => number; random: () => number }): Senders {
  const every = { ...clock, ca: caOf(values) }
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

const hookTraced =
  (tracing: Tracing | undefined, { send }: WebhookSender): WebhookSender['send'] =>
  (hook) => {
    const attributes = { provider: WEBHOOKS }
    const span = tracing?.begin('notifier.send', { cause: tracing.active, of: WEBHOOKS, attributes })
    return throughSpan(
      span,
      () => send(hook),
      ({ kind }) => ({ outcome: kind }),
    )
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
