import { createHash } from 'node:crypto'
import type { StorageHandlers } from '@switchboard/bus/ask'
import type { DeviceBody } from '@switchboard/contracts/http'
import { MAX } from '@switchboard/contracts/limits'
import { deviceKey } from './documents.ts'
import { exactly } from './mongo-connect.ts'
import { isDuplicateKey } from './mongo-errors.ts'
import type { Sources } from './room-view.ts'

type Handlers = Pick<StorageHandlers, 'device.put' | 'device.delete' | 'device.forget'>

const TRIES = 3

/** What a provider knows the device by: the same address is the same device, whatever its owner calls it. */
export function addressOf({ provider, target }: DeviceBody): string {
  const id =
    provider === 'apns'
      ? `${target.environment ?? 'production'} ${target.token.toLowerCase()}`
      : provider === 'webpush'
        ? target.endpoint
        : 'token' in target
          ? `token ${target.token}`
          : `fid ${target.fid}`
  return createHash('sha256').update(`${provider} ${id}`).digest('base64url')
}

/** Devices to push to: each address belongs to the person who registered it last. */
export function deviceQueries({ collections, nowMs }: Sources): Handlers {
  const { devices } = collections
  const put = async (_id: string, device: Parameters<Handlers['device.put']>[0], attempt = 0): Promise<void> => {
    const { user, body } = device
    const address = addressOf(body)
    await devices.deleteMany({ address, _id: { $ne: _id } })
    try {
      const { provider, target } = body
      const $set = { user, device: device.device, provider, target, address, registered_at: nowMs() }
      await devices.updateOne({ _id }, { $set }, { upsert: true })
    } catch (error) {
      // Another account registers the same address at this moment: the last one has it.
      if (!isDuplicateKey(error) || attempt + 1 >= TRIES) throw error
      await put(_id, device, attempt + 1)
    }
  }
  const trim = async (user: string) => {
    const projection = { _id: 1 } as const
    const all = await devices.find({ user }, { projection }).sort({ registered_at: -1, _id: 1 }).toArray()
    const oldest = all.slice(MAX.devices).map(({ _id }) => _id)
    if (oldest.length > 0) await devices.deleteMany({ _id: { $in: oldest } })
  }
  return {
    'device.put': async (asked) => {
      await put(exactly(deviceKey(asked.user, asked.device)), asked)
      await trim(exactly(asked.user))
      return {}
    },
    'device.delete': async ({ user, device }) => {
      await devices.deleteOne({ _id: exactly(deviceKey(user, device)) })
      return {}
    },
    'device.forget': async ({ user, device, registered_before }) => {
      const older = { _id: exactly(deviceKey(user, device)), registered_at: { $lt: Number(registered_before) } }
      const { deletedCount } = await devices.deleteOne(older)
      return { forgotten: deletedCount > 0 }
    },
  }
}
