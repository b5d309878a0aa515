-- A phone whose storage was copied or set back goes on as a new device, without its password.

-- The device whose session registered this one; NULL once its owner has signed in on it.
ALTER TABLE devices ADD COLUMN succeeds TEXT /*bytes*/;
CREATE INDEX devices_by_origin ON devices (succeeds);
