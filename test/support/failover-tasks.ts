/** The Tasks on the way of an op that recovers, in order, written down once more than in the machine on purpose. */
export const tasksOfRecovery = [
  'Prepare the site',
  'Choose the snapshot',
  'Import the snapshot',
  'Wait for approval',
  'Judge again',
  'Withdraw the grant',
  'Fence the losing site',
  'Choose the last snapshot',
  'Import the rest',
  'Give the grant',
  'Promote the site',
  'Verify the site',
  'Import the history',
  'Close the op',
] as const;
