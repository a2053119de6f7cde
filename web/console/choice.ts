import { type Ref, ref } from 'vue'
import type { Tab } from './model/lists.ts'

/** What of the desk is looked at. */
export interface Choice {
  readonly chosen: Ref<string>
  readonly tab: Ref<Tab>
  readonly isReporting: Ref<boolean>
  choose(conversation: string): void
  /** Looks at a conversation once `taken` says that it is ours; not where something else was chosen meanwhile, which must not be taken away. */
  chooseOnce(taken: Promise<boolean>, conversation: string): Promise<void>
}

export function choosing(): Choice {
  const chosen = ref('')
  const tab = ref<Tab>('mine')
  const isReporting = ref(false)
  let choices = 0
  const choose = (conversation: string) => {
    choices += 1
    chosen.value = conversation
    isReporting.value = false
  }
  const chooseOnce = async (taken: Promise<boolean>, conversation: string) => {
    const before = choices
    if (!(await taken) || choices !== before) return
    tab.value = 'mine'
    choose(conversation)
  }
  return { chosen, tab, isReporting, choose, chooseOnce }
}
