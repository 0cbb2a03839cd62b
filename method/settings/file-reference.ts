import * as z from 'zod'

/** A file or folder on a named volume; on one machine `neco run` maps volumes to folders. */
export const FileReference = z.strictObject({
  volume: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe(
      'volume names the volume that holds the path; left out, it is the storage of the run, or the folder of the manifest on one machine.',
    ),
  path: z.string().min(1).max(1024).describe('path on the volume.'),
})
export type FileReference = z.infer<typeof FileReference>
