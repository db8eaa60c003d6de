/** Our models in the forms of other systems: files in memory. The entry `ondo/export`. */
export { EXPORT_FORMS, exportModel } from './export.js'
export type { Exported, ExportForm } from './form.js'
