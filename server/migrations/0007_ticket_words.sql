-- What the office's table of tickets is searched by: place, contact's name and telephone number,
-- description, a line each, in small letters (filled by src/modules/tickets/table.rs).

ALTER TABLE tickets ADD COLUMN words TEXT NOT NULL DEFAULT '';

--[sqlite]
UPDATE tickets SET words = lower(
    place || char(10) || COALESCE((body -> 'contact') ->> 'name', '')
    || char(10) || COALESCE((body -> 'contact') ->> 'phone', '')
    || char(10) || COALESCE(body ->> 'description', ''));

-- PostgreSQL gives no text that holds a NUL; such a ticket is found by its place until it changes.
--[postgres]
UPDATE tickets SET words = lower(place || CASE WHEN position('\u0000' IN body) > 0 THEN '' ELSE
    chr(10) || COALESCE((body::json -> 'contact') ->> 'name', '')
    || chr(10) || COALESCE((body::json -> 'contact') ->> 'phone', '')
    || chr(10) || COALESCE(body::json ->> 'description', '') END);
