import type { Bench } from './bench.ts'
import { type Axis, shortened } from './growth/axis.ts'
import { growConnections } from './growth/connections.ts'
import { growHistory } from './growth/history.ts'
import { growMembers } from './growth/members.ts'
import { growOffline } from './growth/offline.ts'
import { growRooms } from './growth/rooms.ts'
import type { Table } from './measure/table.ts'

const AXES: readonly Axis[] = [growRooms, growMembers, growConnections, growHistory, growOffline]

/** What a unit of work costs while one thing after the other grows by factors of ten. */
export const growth: Bench = {
  name: 'growth',
  about:
    'CPU per delivery, message, push, page and resume as rooms, members, connections, history and offline users grow',
  run: async (options) => {
    const tables: Table[] = []
    for (const axis of AXES) tables.push(...(await axis(shortened(options))))
    return tables
  },
}
