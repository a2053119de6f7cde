import type { Bench } from './bench.ts'
import { connectResume, connectResumeMany } from './connect-resume.ts'
import { edgeWorkers } from './edge-workers.ts'
import { fanOut } from './fan-out.ts'
import { growth } from './growth.ts'
import { guard } from './guard.ts'
import { history } from './history.ts'
import { hotRoom } from './hot-room.ts'
import { idle } from './idle.ts'
import { idleMany } from './idle-many.ts'
import { manyRooms, manyRoomsBusy } from './many-rooms.ts'
import { presenceChurn } from './presence-churn.ts'
import { push } from './push.ts'
import { router } from './router.ts'
import { startUp } from './start-up.ts'
import { storage } from './storage.ts'

/** In the order in which they run. */
export const BENCHES: readonly Bench[] = [
  fanOut,
  edgeWorkers,
  manyRooms,
  manyRoomsBusy,
  router,
  hotRoom,
  storage,
  push,
  connectResume,
  connectResumeMany,
  history,
  presenceChurn,
  idle,
  idleMany,
  startUp,
  growth,
  guard,
]
