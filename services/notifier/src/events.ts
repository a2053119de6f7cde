import type { HookRecord, PushRecord } from '@switchboard/contracts/records'
import type { Logger } from '@switchboard/runtime/context'
import type { Meters } from '@switchboard/runtime/meters'
import type { DeliverEvents } from './deliver.ts'
import type { Outcome } from './outcome.ts'
import type { Skip } from './planner.ts'

/** Why a planned push was not sent after all; with the planner's reasons, the answer to "why was I not notified?". */
export type GivenUp = 'looking' | 'already-read' | 'too-old' | 'abandoned' | 'disabled' | 'crowded'

/** The only place where the notifier counts and writes what happened. Targets and texts never stand in a log. */
export type Events = {
  readonly planned: (record: PushRecord) => void
  readonly skipped: (skip: Skip, at: { readonly room: string; readonly seq: number }) => void
  readonly attempted: (record: PushRecord, outcome: Outcome, now: number) => void
  readonly givenUp: (record: PushRecord, reason: GivenUp) => void
  readonly forgotten: (record: PushRecord, forgotten: boolean) => void
  readonly circuit: (provider: string, open: boolean) => void
  readonly unclaimed: (record: PushRecord, error: unknown) => void
  /** Deliveries to webhooks were planned. */
  readonly hooked: (count: number) => void
  readonly hooks: DeliverEvents<HookRecord>
  /** A record of a channel was taken; the function that it returns says what became of it. */
  readonly taking: (channel: 'log' | 'pushes') => (outcome: string) => void
}

export function createEvents({ log, meters }: { readonly log: Logger; readonly meters: Meters }): Events {
  const idsOf = ({ room, seq, user, device }: PushRecord) => ({
    room,
    seq,
    user,
    device: device.device,
    provider: device.provider,
  })
  const inHand = { log: 0, pushes: 0 }
  return {
    planned: (record) => {
      meters.count('switchboard_notifier_planned_total', { decision: 'push' })
      log.debug(idsOf(record), 'push planned')
    },
    skipped: (skip, { room, seq }) => {
      meters.count('switchboard_notifier_planned_total', { decision: skip.reason })
      log.debug({ room, seq, ...skip }, 'push not planned')
    },
    attempted: (record, outcome, now) => {
      const { provider } = record.device
      meters.count('switchboard_notifier_pushes_total', { provider, outcome: outcome.kind })
      meters.observe('switchboard_notifier_push_seconds', { provider }, (now - record.at) / 1_000)
      const level = outcome.kind === 'drop' || outcome.kind === 'credential' ? 'warn' : 'debug'
      log[level]({ ...idsOf(record), outcome }, 'push attempted')
    },
    givenUp: (record, reason) => {
      const { provider } = record.device
      meters.count('switchboard_notifier_pushes_total', { provider, outcome: reason })
      log.debug({ ...idsOf(record), reason }, 'push not sent')
    },
    forgotten: (record, forgotten) => {
      log.info({ ...idsOf(record), forgotten }, 'the provider says that this device is gone')
    },
    circuit: (provider, open) => {
      meters.set('switchboard_notifier_circuit_open', { provider }, open ? 1 : 0)
      if (open) log.error({ provider }, 'the provider refuses our credential: its pushes wait')
      else log.info({ provider }, 'the provider takes our credential again')
    },
    unclaimed: (record, error) => {
      log.warn({ ...idsOf(record), error: String(error) }, 'the claim of a push could not be given back')
    },
    hooked: (count) => meters.count('switchboard_notifier_planned_total', { decision: 'webhook' }, count),
    hooks: hookEvents(log, meters),
    taking: (channel) => {
      const startedAt = performance.now()
      const change = (by: number): void => {
        inHand[channel] += by
        meters.set('switchboard_channel_pending', { channel }, inHand[channel])
      }
      change(1)
      return (outcome) => {
        change(-1)
        meters.count('switchboard_channel_messages_total', { channel, direction: 'in', outcome })
        meters.observe('switchboard_channel_seconds', { channel }, (performance.now() - startedAt) / 1_000)
      }
    },
  }
}

/** Neither addresses nor secrets nor texts stand in a log. */
function hookEvents(log: Logger, meters: Meters): DeliverEvents<HookRecord> {
  const idsOf = ({ hook, desk, type, event }: HookRecord) => ({ hook, desk, type, event })
  const held = new Set<string>()
  const hold = (hook: string, isHeld: boolean): void => {
    if (isHeld) held.add(hook)
    else held.delete(hook)
    meters.set('switchboard_notifier_webhooks_held', {}, held.size)
  }
  return {
    attempted: (record, outcome, now) => {
      // A webhook has no credential that it could refuse: this is one that does not answer well.
      const name = outcome.kind === 'credential' ? 'unwell' : outcome.kind
      meters.count('switchboard_notifier_webhooks_total', { outcome: name })
      meters.observe('switchboard_notifier_webhook_seconds', {}, (now - record.at) / 1_000)
      log[outcome.kind === 'accepted' ? 'debug' : 'info']({ ...idsOf(record), outcome }, 'webhook attempted')
    },
    givenUp: (record, reason) => {
      meters.count('switchboard_notifier_webhooks_total', { outcome: reason })
      // Taken away, it fails no more.
      if (reason === 'disabled') hold(record.hook, false)
      log.debug({ ...idsOf(record), reason }, 'webhook not told')
    },
    circuit: (hook, open) => {
      hold(hook, open)
      log[open ? 'warn' : 'info'](
        { hook },
        open ? 'a webhook fails, and is tried now and then' : 'a webhook answers again',
      )
    },
    unclaimed: (record, error) => {
      log.warn({ ...idsOf(record), error: String(error) }, 'the claim of a delivery could not be given back')
    },
  }
}
