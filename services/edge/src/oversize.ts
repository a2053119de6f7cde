import { isRefusal, type Refusal, refuse } from '@switchboard/contracts/errors'
import { isMethod, METHODS, PublishData } from '@switchboard/contracts/methods'
import type { RawCommand } from '@switchboard/contracts/protocol'
import { validate } from '@switchboard/contracts/validate'

const dataOf = ({ body }: RawCommand): unknown => (body as { data?: unknown } | null)?.data
const methodOf = ({ body }: RawCommand): unknown => (body as { method?: unknown } | null)?.method

/** A frame above its limit is read, so that its sender learns which field was too long; nothing of it is done. */
export function oversizeRefusal(command: RawCommand): Refusal {
  const method = methodOf(command)
  const schema =
    command.name === 'publish'
      ? PublishData
      : command.name === 'rpc' && typeof method === 'string' && isMethod(method)
        ? METHODS[method].params
        : null
  const checked = schema === null ? null : validate(schema, dataOf(command))
  return isRefusal(checked) && checked.code === 'too_large' ? checked : refuse('too_large', { field: 'frame' })
}
