-- A wait ends by itself: from this moment on the resolution clock runs again.

-- NULL for waits from before an end was asked for.
ALTER TABLE tickets ADD COLUMN paused_until BIGINT;
