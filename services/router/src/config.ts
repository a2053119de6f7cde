import { COMMON_SETTINGS, table } from '@switchboard/runtime/settings'

export const settings = table({ ...COMMON_SETTINGS })
