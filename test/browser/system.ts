import { buildWebPage } from '../../tools/system/web-page.ts'
import { type FlowSystem, flowSystem } from '../flow/flow-fixture.ts'

/** The system on real servers, with the page as it would be delivered; without the notifier, as nobody here has a phone. */
export async function pageSystem(env: Readonly<Record<string, string>> = {}): Promise<FlowSystem> {
  await buildWebPage(() => {})
  return await flowSystem({ services: ['storage', 'router', 'edge'], env })
}
