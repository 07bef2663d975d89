--
-- PostgreSQL database dump
--

\restrict u3k77g2684kxJoxi6kCAPZJq3IgwPwITzV7YoBj5Tna7vgcPLqENlnD0A1hie25

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: fruit; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.fruit (
    name text
);


ALTER TABLE public.fruit OWNER TO postgres;

--
-- Name: nothing; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.nothing (
    id integer
);


ALTER TABLE public.nothing OWNER TO postgres;

--
-- Name: 16421; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('16421');


ALTER LARGE OBJECT 16421 OWNER TO postgres;

--
-- Data for Name: fruit; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.fruit (name) FROM stdin;
apple
pear
\.


--
-- Data for Name: nothing; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.nothing (id) FROM stdin;
\.


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('16421', 131072);
SELECT pg_catalog.lowrite(0, '\x61206c61726765206f626a656374');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- PostgreSQL database dump complete
--

\unrestrict u3k77g2684kxJoxi6kCAPZJq3IgwPwITzV7YoBj5Tna7vgcPLqENlnD0A1hie25

