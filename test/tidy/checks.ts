import type { Check } from './check.ts'
import { channelFiles, channelHeaders, headersElsewhere } from './check-channels.ts'
import { dependencies, direction, versions } from './check-imports.ts'
import { acknowledging, errorCodes, foreignNames, metrics, wireNames } from './check-literals.ts'
import { errorClasses, names, tags } from './check-names.ts'
import { calls, environment, imports, keptApart } from './check-purity.ts'
import { importing, mains, parts, tests } from './check-shapes.ts'
import { fileSizes, functionSizes, lineLengths, testSizes } from './check-sizes.ts'

/**
 * Everything that can be seen by reading the tree. R3 (a flow is an array of named stages) is held by the tests of each flow;
 * R14's other half, that comments say why, by whoever reviews.
 */
export const CHECKS: readonly Check[] = [
  channelFiles,
  channelHeaders,
  headersElsewhere,
  wireNames,
  errorCodes,
  acknowledging,
  imports,
  calls,
  keptApart,
  direction,
  dependencies,
  versions,
  importing,
  mains,
  environment,
  parts,
  errorClasses,
  metrics,
  names,
  foreignNames,
  fileSizes,
  testSizes,
  lineLengths,
  functionSizes,
  tags,
  tests,
]
