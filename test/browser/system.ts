import { buildWebPage } from '../../tools/system/web-page.ts'
import { type FlowSystem, flowSystem } from '../flow/flow-fixture.ts'

/** The whole system on real servers, with the page as it would be delivered. */
export async function pageSystem(): Promise<FlowSystem> {
  await buildWebPage(() => {})
  return await flowSystem()
}
