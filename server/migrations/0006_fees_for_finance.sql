-- What a household owes, and the calls about it, speak to finance and the cluster only. Rows written
-- while they spoke to the whole office, too, would be sent to readers who may not see them; the
-- cursor's schema (src/sync/cursor.rs) makes those who were sent them begin afresh.
DELETE FROM feed WHERE channel = 'office' AND kind IN ('arrears', 'fee_call');
