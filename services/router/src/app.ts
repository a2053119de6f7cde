import { CommandsSweep, type SweepLimits } from '@switchboard/bus/commands-sweep'
import { type Bus, connectBus } from '@switchboard/bus/connect'
import { holdPartitions, type PartitionHolder } from '@switchboard/bus/partitions'
import { ensureStreams } from '@switchboard/bus/streams'
import { MAX } from '@switchboard/contracts/limits'
import { PresenceView } from '@switchboard/domain/presence-view'
import type { Context } from '@switchboard/runtime/context'
import { backoffMs, pause } from '@switchboard/runtime/deadline'
import { InHand } from '@switchboard/runtime/in-hand'
import { type Desks, runDesks, ticking } from './clock.ts'
import type { settings } from './config.ts'
import { createEvents, type RouterEvents } from './events.ts'
import { fromCommands, type PartitionDeps } from './from-commands.ts'
import { fromPresence } from './from-presence.ts'
import { fromDeskQueries, fromPartitionQueries, fromRouterQueries } from './from-queries.ts'
import { LaneRegistry } from './lane-registry.ts'
import { type PresenceChange, PresenceClock } from './presence-clock.ts'
import { presenceSignal } from './presence-rooms.ts'
import { toCommands } from './to-commands.ts'
import { toDead } from './to-dead.ts'
import { isNewestIn, logDoor, toLog } from './to-log.ts'
import { toMarks } from './to-marks.ts'
import { toQueries } from './to-queries.ts'
import { toReplies } from './to-replies.ts'
import { type SendSignal, toSignals } from './to-signals.ts'

/** What a test may replace. */
export interface RouterOverrides {
  readonly nowMs?: () => number
  /** How long somebody without sockets still counts as online, in milliseconds. */
  readonly graceMs?: number
  readonly sweep?: SweepLimits
  /** In place of `MAX.commandsInHandBytes`. */
  readonly inHandBytes?: number
}

const TICK_MS = 1_000
/** While nobody comes or goes and no room has anything to do; then only what is told to people is older. */
const REST_MS = 6 * MAX.leaseLookMs

/** Builds the router and takes its share of the partitions. Disposing gives them back first, then NATS. */
export async function startRouter(
  context: Context<typeof settings>,
  overrides: RouterOverrides = {},
): Promise<AsyncDisposable> {
  const { log, id, crash, health, tracing } = context
  const nowMs = overrides.nowMs ?? Date.now
  await using stack = new AsyncDisposableStack()
  health.ready('partitions', false)
  const { NATS_URL, NATS_NAMESPACE, NATS_REPLICAS } = context.settings
  const bus = stack.use(
    await connectBus({
      url: NATS_URL,
      namespace: NATS_NAMESPACE,
      replicas: NATS_REPLICAS,
      service: 'router',
      log,
      tracing,
    }),
  )
  await ensureStreams(bus)
  const events = createEvents(context)
  const lanes = new LaneRegistry()
  const hand = new InHand(overrides.inHandBytes ?? MAX.commandsInHandBytes)
  const sendSignal = toSignals(bus, events)
  const presence = stack.use(
    await startPresence({ bus, lanes, hand, sendSignal, events, nowMs, graceMs: overrides.graceMs }),
  )

  let holder: PartitionHolder | undefined
  const door = logDoor(bus)
  const storage = toQueries(bus)
  const sendEffects = toCommands(bus, events)
  const isOnline = (user: string) => presence.clock.isOnline(user)
  const desks = stack.use(runDesks({ storage, send: sendEffects, isOnline, events, nowMs }))
  const deps: PartitionDeps = {
    bus,
    events,
    lanes,
    hand,
    storage,
    writeEntry: toLog(bus, { owner: id, events, door }),
    isNewest: isNewestIn(door),
    writeMark: toMarks(bus, events),
    sendEffects,
    sendSignal,
    replies: toReplies(bus, events),
    bury: toDead(bus, events),
    // Given up in its own turn: the lane that was fenced must return before its partition can stop.
    fenced: (partition) => setImmediate(() => holder?.giveUp(partition).catch(crash)),
    clock: {
      nowMs,
      steadyMs: () => performance.now(),
      beforeRetry: (failures, signal) => pause(backoffMs(failures, Math.random, { max: 1_000 }), signal),
    },
    deskHeard: desks.heard,
    sweep: new CommandsSweep(bus, crash, overrides.sweep),
    crash,
  }
  const gained = (partition: number, isSure: () => boolean) =>
    openPartition(deps, { partition, isSure }, { ...presence, nowMs, desks })
  holder = stack.use(await holdPartitions(bus, { group: 'router', id, gained, changed: events.held, crash }))
  health.ready('partitions', true)
  return stack.move()
}

type QuestionParts = Omit<Parameters<typeof fromPartitionQueries>[0], 'bus'>

/** Everything of one partition, until it is disposed. */
function openPartition(
  deps: PartitionDeps,
  place: Parameters<typeof fromCommands>[1],
  parts: QuestionParts & { readonly desks: Desks; readonly nowMs: () => number },
): AsyncDisposable {
  const { bus } = deps
  const { nowMs, desks } = parts
  const { partition } = place
  const reading = fromCommands(deps, place)
  const letGo = desks.hold(partition, reading)
  const questions = [
    fromPartitionQueries({ bus, ...parts }, partition, (room) => reading.room(room)),
    fromDeskQueries({ bus, nowMs }, partition, (desk) => reading.desk(desk)),
  ]
  return {
    [Symbol.asyncDispose]: async () => {
      letGo()
      for (const each of questions) each.unsubscribe()
      await reading[Symbol.asyncDispose]()
    },
  }
}

interface PresenceDeps {
  readonly bus: Bus
  readonly lanes: LaneRegistry
  readonly hand: InHand
  readonly sendSignal: SendSignal
  readonly events: RouterEvents
  readonly nowMs: () => number
  readonly graceMs: number | undefined
}

/** Keeps the view of who is online, answers questions about it, and tells rooms that are looked at once a second. */
async function startPresence({ bus, lanes, hand, sendSignal, events, nowMs, graceMs }: PresenceDeps) {
  await using stack = new AsyncDisposableStack()
  const view = new PresenceView()
  const clock = new PresenceClock(graceMs)
  const changed = (users: readonly string[]) => {
    const at = { nowMs: nowMs(), steadyMs: performance.now() }
    for (const user of users) clock.note(user, view.of(user).sockets > 0, at)
    if (!clock.isResting) ticks.hurry()
  }
  const tick = (): boolean => {
    const steadyMs = performance.now()
    const change = clock.tick(steadyMs)
    const { mostWaiting } = lanes
    events.lanes({ count: lanes.size, mostWaiting, bytes: hand.bytes })
    const isAny = change.online.length + change.offline.length > 0
    if (isAny) tellRooms(change, steadyMs)
    return isAny || mostWaiting > 0 || !clock.isResting
  }
  const tellRooms = (change: PresenceChange, steadyMs: number) => {
    for (const { room, watchedUntilMs } of lanes.values()) {
      if (!room || watchedUntilMs < steadyMs) continue
      const signal = presenceSignal(room.state, change, (user) => clock.isOnline(user))
      if (signal) sendSignal('room', room.state.room, signal)
    }
  }
  const ticks = stack.use(ticking({ everyMs: TICK_MS, restMs: REST_MS }, tick))
  stack.use(await fromPresence(bus, { view, changed, events }))
  const questions = fromRouterQueries({ bus, view, clock })
  stack.defer(() => questions.unsubscribe())
  const moved = stack.move()
  return { view, clock, [Symbol.asyncDispose]: () => moved.disposeAsync() }
}
