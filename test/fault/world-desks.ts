import { DESK_KEY } from './bots/desk-make.ts'
import type { WorldOptions } from './world.ts'

/** A world in which somebody can make desks, and visitors may say through which proxy they come. */
export const withDesks = (world: WorldOptions = {}): WorldOptions => ({
  ...world,
  serviceEnv: { ...world.serviceEnv, edge: { ...world.serviceEnv?.edge, API_KEYS: DESK_KEY, PROXY_HOPS: '1' } },
})
