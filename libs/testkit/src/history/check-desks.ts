import { checkDeskCommands, checkRequeued } from './check-desk-commands.ts'
import { checkDeskFeeds, checkDeskLog, checkDeskRules } from './check-desk-order.ts'
import { checkDeskRooms } from './check-desk-rooms.ts'
import type { Facts } from './facts.ts'

/** Everything that is promised of a desk beyond who is responsible. */
export function checkDesks(facts: Facts): void {
  const { desks } = facts
  if (desks.desks.size === 0 && desks.wishes.size === 0) return
  for (const check of [checkDeskLog, checkDeskFeeds, checkDeskRules, checkDeskCommands, checkRequeued, checkDeskRooms])
    check(facts, desks)
}
